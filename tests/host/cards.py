"""Card definitions that the host's tests share."""

PERSON = """
import { CardDef, Component, contains, field, linksTo, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Person extends CardDef {
  static displayName = 'Person';
  @field firstName = contains(StringField);
  @field lastName = contains(StringField);
  @field fullName = contains(StringField, {
    computeVia: function () { return `${this.firstName} ${this.lastName}`; },
  });
  @field boss = linksTo(() => Person, { searchable: true });
  @field friends = linksToMany(() => Person);
  static isolated = class Isolated extends Component {
    <template>
      <h1 class="name"><@fields.fullName /></h1>
      <div class="boss"><@fields.boss /></div>
      <style scoped>.name { color: rgb(1, 2, 3); }</style>
    </template>
  };
  static fitted = class Fitted extends Component {
    <template><span class="tile">{{@model.fullName}}</span></template>
  };
}

export class Employee extends Person {
  static displayName = 'Employee';
  static embedded = class Embedded extends Component {
    <template><b class="employee">{{@model.firstName}}</b></template>
  };
}
"""
